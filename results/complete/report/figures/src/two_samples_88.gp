# In the folder above: gnuplot -e "load 'src/light.gp'" src/two_samples_88.gp (after set terminal ...)
data = 'src/two_samples_88.csv'
set multiplot
unset label
unset arrow
set border 3
set grid
set logscale y
set ytics nomirror ('10⁻⁴' 0.0001, '10⁻³' 0.001, '10⁻²' 0.01)
set lmargin at screen 0.14761904761904762
set rmargin at screen 0.9666666666666667
set tmargin at screen 0.8738738738738738
set bmargin at screen 0.5765765765765766
set xrange [0:1]
set yrange [6.0200458932513357e-05:0.013911555915268825]
set xrange [-0.6:49.6]
set xtics 0,5
set xtics format ''
set label 'latent difference' at screen 0.02619,0.72523 center rotate by 90 font ',12' textcolor rgb ink
unset key
set arrow from screen 0.03333,0.97297 to screen 0.07619,0.97297 nohead linecolor rgb c2 linewidth 1.8
set label 'criterion' at screen 0.09048,0.97297 left font ',11' textcolor rgb ink
set arrow from screen 0.50952,0.97297 to screen 0.55238,0.97297 nohead linecolor rgb c1 linewidth 1.2 dashtype 2
set label 'threshold' at screen 0.56667,0.97297 left font ',11' textcolor rgb ink
set label '“a orange t-shirt”: 24 of 50 predict' at screen 0.14762,0.89640 left font ',11' textcolor rgb ink
plot data using ($1==0?$2:NaN):3 with lines linecolor rgb c2 linewidth 1.6, \
  data using ($1==0?$2:NaN):4 with lines linecolor rgb c1 linewidth 1.2 dashtype 2
unset label
unset arrow
set border 1
unset grid
unset logscale y
unset ytics
set style fill solid noborder
set lmargin at screen 0.14761904761904762
set rmargin at screen 0.9666666666666667
set tmargin at screen 0.5675675675675675
set bmargin at screen 0.5405405405405406
set xrange [0:1]
set yrange [0:1]
set xrange [-0.6:49.6]
set xtics 0,5
set xtics format '%g'
plot data using ($1==0?$2:NaN):(0):($2-0.46):($2+0.46):(0):(1) with boxxyerror fillcolor rgb reuse, \
  data using ($1==0&&$5==1?$2:NaN):(0):($2-0.46):($2+0.46):(0):(1) with boxxyerror fillcolor rgb predict
unset label
unset arrow
set border 3
set grid
set logscale y
set ytics nomirror ('0.001' 0.001, '0.01' 0.01)
set lmargin at screen 0.14761904761904762
set rmargin at screen 0.9666666666666667
set tmargin at screen 0.4369369369369369
set bmargin at screen 0.13963963963963963
set xrange [0:1]
set yrange [0.0002599511035062581:0.02857593528656821]
set xrange [-0.6:49.6]
set xtics 0,5
set xtics format ''
set label 'latent difference' at screen 0.02619,0.28829 center rotate by 90 font ',12' textcolor rgb ink
set label '“a white pullover and a cyan pullover”: 37 of 50 predict' at screen 0.14762,0.45946 left font ',11' textcolor rgb ink
plot data using ($1==1?$2:NaN):3 with lines linecolor rgb c2 linewidth 1.6, \
  data using ($1==1?$2:NaN):4 with lines linecolor rgb c1 linewidth 1.2 dashtype 2
unset label
unset arrow
set border 1
unset grid
unset logscale y
unset ytics
set style fill solid noborder
set lmargin at screen 0.14761904761904762
set rmargin at screen 0.9666666666666667
set tmargin at screen 0.13063063063063063
set bmargin at screen 0.1036036036036036
set xrange [0:1]
set yrange [0:1]
set xrange [-0.6:49.6]
set xtics 0,5
set xtics format '%g'
set label 'scheduler call, from noise to picture' at screen 0.55714,0.02477 center font ',12' textcolor rgb ink
plot data using ($1==1?$2:NaN):(0):($2-0.46):($2+0.46):(0):(1) with boxxyerror fillcolor rgb reuse, \
  data using ($1==1&&$5==1?$2:NaN):(0):($2-0.46):($2+0.46):(0):(1) with boxxyerror fillcolor rgb predict
unset multiplot
